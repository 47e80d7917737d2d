"""`judge cache`: the replies of models that are kept on disk."""

from __future__ import annotations

import click

from judge.cli.calling import Call, judge_command


@click.group("cache", help="Look after the cache of model replies.")
def command() -> None:
    pass


@judge_command(
    "purge",
    example="judge cache purge",
    help="Drop every kept reply, so that models are asked anew. Where the cache is and how large"
    " it may grow is set in the config file, or by JUDGE_CACHE_DIR and JUDGE_CACHE_MAX_MB.",
)
def purge(call: Call) -> None:
    from runners.models.chat.opening import open_cache
    from runners.models.chat.settings import load_settings

    settings = load_settings()
    cache = open_cache(settings)
    size = 0 if cache is None else cache.size()
    removed = 0 if cache is None else cache.purge()
    document = {"folder": str(settings.cache_dir), "removed": removed, "bytes": size}
    call.answer(document, f"{removed} replies, {size:,} bytes, dropped from {settings.cache_dir}")


command.add_command(purge)
