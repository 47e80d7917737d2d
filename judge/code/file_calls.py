"""Which calls of Python code read or write a file, and which of their arguments names it."""

from __future__ import annotations

from typing import NamedTuple

from judge.code.facts import Mode


class FileCall(NamedTuple):
    """A call that uses a file: the argument's position and keyword names, and how it is used."""

    mode: Mode
    position: int
    keywords: tuple[str, ...] = ()
    via: str = ""
    """The name to show where the receiver's class is not known."""
    needs_path: bool = False
    """Counts only where the argument is a text that looks like a path: the name is a common one."""


def _table(mode: Mode, position: int, keywords: str, names: str) -> dict[str, FileCall]:
    return {name: FileCall(mode, position, tuple(keywords.split())) for name in names.split()}


FUNCTIONS: dict[str, FileCall] = {
    **_table(
        "write",
        0,
        "file filename fname path fp filepath uri url",
        """
        numpy.save numpy.savez numpy.savez_compressed numpy.savetxt numpy.ndarray.tofile
        cv2.imwrite matplotlib.pyplot.savefig matplotlib.pyplot.imsave pylab.savefig
        imageio.imwrite imageio.imsave imageio.mimsave imageio.mimwrite imageio.get_writer
        imageio.v2.imwrite imageio.v2.mimsave imageio.v2.get_writer imageio.v3.imwrite
        imageio.v2.imsave skimage.io.imsave soundfile.write scipy.io.wavfile.write
        scipy.io.savemat torchaudio.save
        tensorflow.io.write_file
        keras.utils.save_img bokeh.plotting.output_file bokeh.io.output_file
        matplotlib.backends.backend_pdf.PdfPages pandas.ExcelWriter xlsxwriter.Workbook
        fpdf.FPDF.output reportlab.pdfgen.canvas.Canvas reportlab.platypus.SimpleDocTemplate
        cv2.VideoWriter torch.utils.tensorboard.SummaryWriter tensorboardX.SummaryWriter
        torch.utils.tensorboard.writer.SummaryWriter logging.FileHandler
        logging.handlers.RotatingFileHandler logging.handlers.TimedRotatingFileHandler
        keras.callbacks.ModelCheckpoint tensorflow.keras.callbacks.ModelCheckpoint
        keras.callbacks.CSVLogger tensorflow.keras.callbacks.CSVLogger
        tensorflow.keras.callbacks.TensorBoard keras.callbacks.TensorBoard
        shutil.make_archive datasets.Dataset.save_to_disk
        """,
    ),
    **_table(
        "write",
        1,
        "f path filename file fp filepath dst out output",
        """
        torch.save torch.jit.save torchvision.utils.save_image torchvision.io.write_png
        torchvision.io.write_jpeg joblib.dump sklearn.externals.joblib.dump pickle.dump
        cloudpickle.dump dill.dump json.dump yaml.dump yaml.safe_dump toml.dump tomli_w.dump
        scipy.sparse.save_npz onnx.save onnx.save_model
        tensorflow.saved_model.save keras.models.save_model tensorflow.keras.models.save_model
        keras.saving.save_model plotly.io.write_html plotly.io.write_image plotly.io.write_json
        networkx.write_gml networkx.write_graphml networkx.write_gexf networkx.write_edgelist
        networkx.write_adjlist networkx.write_gpickle pyarrow.parquet.write_table
        pyarrow.feather.write_feather pyarrow.csv.write_csv urllib.request.urlretrieve
        wget.download gdown.download pdfkit.from_string pdfkit.from_file pdfkit.from_url
        safetensors.torch.save_file safetensors.numpy.save_file onnxmltools.utils.save_model
        msgpack.dump scipy.io.mmwrite fastparquet.write shutil.copy shutil.copy2
        shutil.copyfile shutil.move os.rename os.replace os.renames torch.hub.download_url_to_file
        mne.export.export_raw marshal.dump simplejson.dump ujson.dump tensorflow.io.gfile.copy
        imgkit.from_string imgkit.from_file
        """,
    ),
    **_table("write", 2, "f fp path", "torch.onnx.export"),
    **_table("write", 9, "to_file", "keras.utils.plot_model tensorflow.keras.utils.plot_model"),
    **_table("write", 9, "filename", "logging.basicConfig plotly.offline.plot bokeh.plotting.save"),
    **_table("write", 9, "file", "print"),
    **_table("write", 0, "sink", "loguru.logger.add"),
    **_table(
        "read",
        0,
        "file filename fname path fp filepath f io filepath_or_buffer path_or_buf image_path",
        """
        numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile cv2.imread cv2.VideoCapture
        cv2.CascadeClassifier matplotlib.pyplot.imread matplotlib.image.imread PIL.Image.open
        imageio.imread imageio.v2.imread imageio.v3.imread imageio.get_reader imageio.mimread
        skimage.io.imread soundfile.read scipy.io.wavfile.read scipy.io.loadmat librosa.load
        torchaudio.load torch.load torch.jit.load joblib.load pickle.load dill.load
        cloudpickle.load json.load yaml.load yaml.safe_load toml.load tomllib.load
        scipy.sparse.load_npz onnx.load onnxruntime.InferenceSession keras.models.load_model
        tensorflow.keras.models.load_model keras.saving.load_model tensorflow.saved_model.load
        tensorflow.io.read_file keras.utils.load_img tensorflow.keras.utils.load_img
        keras.preprocessing.image.load_img tensorflow.keras.preprocessing.image.load_img
        networkx.read_gml networkx.read_graphml networkx.read_edgelist networkx.read_adjlist
        openpyxl.load_workbook pypdf.PdfReader PyPDF2.PdfReader fitz.open pdfplumber.open
        pyarrow.parquet.read_table sklearn.datasets.load_svmlight_file
        sklearn.datasets.load_files torchvision.io.read_image torchvision.io.read_video
        torchvision.datasets.ImageFolder moviepy.editor.VideoFileClip moviepy.VideoFileClip
        datasets.load_from_disk dotenv.load_dotenv pydub.AudioSegment.from_file
        pydub.AudioSegment.from_wav pydub.AudioSegment.from_mp3 whisper.load_audio
        safetensors.torch.load_file nibabel.load rasterio.open gensim.models.KeyedVectors.load
        gensim.models.KeyedVectors.load_word2vec_format av.open ebooklib.epub.read_epub
        """,
    ),
    **_table("unknown", 0, "database name filename", "sqlite3.connect duckdb.connect shelve.open"),
    **_table("unknown", 0, "name file filename", "dbm.open tinydb.TinyDB"),
}
"""Functions and classes by dotted name."""

COPIES = {
    "shutil.copy": 0,
    "shutil.copy2": 0,
    "shutil.copyfile": 0,
    "shutil.move": 0,
    "os.rename": 0,
    "os.replace": 0,
}
"""Functions that also read the file named by this argument."""

OPEN_WITH_MODE: dict[str, tuple[int, int]] = {
    "open": (0, 1),
    "io.open": (0, 1),
    "builtins.open": (0, 1),
    "codecs.open": (0, 1),
    "gzip.open": (0, 1),
    "bz2.open": (0, 1),
    "lzma.open": (0, 1),
    "aiofiles.open": (0, 1),
    "tensorflow.io.gfile.GFile": (0, 1),
    "zipfile.ZipFile": (0, 1),
    "tarfile.open": (0, 1),
    "h5py.File": (0, 1),
    "netCDF4.Dataset": (0, 1),
    "wave.open": (0, 1),
    "pandas.HDFStore": (0, 1),
    "soundfile.SoundFile": (0, 1),
}
"""Functions whose second argument is the mode, "r" by default: positions of path and mode."""

READING_PREFIXES = ("pandas.read_", "polars.read_", "polars.scan_", "geopandas.read_")
NOT_FILES = frozenset(
    """
    pandas.read_sql pandas.read_sql_query pandas.read_sql_table pandas.read_clipboard
    pandas.read_gbq polars.read_database geopandas.read_postgis
    """.split()
)

_METHODS = {
    "write": {
        "pandas.DataFrame": """
            to_csv to_excel to_parquet to_json to_html to_pickle to_feather to_hdf to_latex
            to_markdown to_xml to_stata to_orc
            """,
        "polars.DataFrame": "write_csv write_parquet write_json write_excel write_ipc",
        "geopandas.GeoDataFrame": "to_file",
        "matplotlib.figure.Figure": "savefig",
        "plotly.graph_objects.Figure": "write_html write_image write_json",
        "pathlib.Path": "write_text write_bytes",
        "xgboost.Booster": "save_model dump_model",
        "keras.Model": "save_weights",
        "transformers.PreTrainedModel": "save_pretrained",
        "datasets.Dataset": "save_to_disk",
        "spacy.Language": "to_disk",
        "gensim.models.KeyedVectors": "save_word2vec_format",
        "moviepy.VideoClip": "write_videofile write_gif write_audiofile",
        "wordcloud.WordCloud": "to_file",
        "weasyprint.HTML": "write_pdf write_png",
        "numpy.ndarray": "tofile",
        "pyvis.network.Network": "save_graph show",
    },
    "read": {
        "pathlib.Path": "read_text read_bytes",
        "xgboost.Booster": "load_model",
        "keras.Model": "load_weights",
        "configparser.ConfigParser": "read",
        "spacy.Language": "from_disk",
    },
}
_COMMON = {
    "write": "save export dump output render save_to_file screenshot".split(),
    "read": "load from_file".split(),
}
_RECEIVER_IS_FILE = frozenset({"write_text", "write_bytes", "read_text", "read_bytes"})
_PATH_KEYWORDS = (
    "path_or_buf", "excel_writer", "path", "fname", "filename", "file", "fp", "filepath", "f",
    "buf", "save_directory", "name", "target", "out", "output_path", "dest",
)  # fmt: skip


def _methods() -> dict[str, FileCall]:
    table: dict[str, FileCall] = {}
    mode: Mode
    for mode in ("write", "read"):
        for owner, names in _METHODS[mode].items():
            for name in names.split():
                position = -1 if name in _RECEIVER_IS_FILE else 0
                needs = name in ("show", "read", "to_disk", "from_disk")
                table[name] = FileCall(mode, position, _PATH_KEYWORDS, f"{owner}.{name}", needs)
        for name in _COMMON[mode]:
            table[name] = FileCall(mode, 0, _PATH_KEYWORDS, "", True)
    table["to_sql"] = FileCall("write", 1, ("con",), "pandas.DataFrame.to_sql", True)
    table["touch"] = FileCall("write", -1, (), "pathlib.Path.touch")
    table["open"] = FileCall("unknown", -1, (), "pathlib.Path.open")
    return table


METHODS = _methods()
"""Methods by name, for receivers whose class is not known or adds nothing; position -1 means
that the receiver itself names the file, and then only a path's method counts."""

BUFFERS = frozenset({"io.BytesIO", "io.StringIO", "sys.stdout", "sys.stderr"})


def open_mode(text: str) -> Mode:
    """What an open mode means; one that also reads counts as writing."""
    if "a" in text:
        return "append"
    if any(letter in text for letter in "wx+"):
        return "write"
    return "read" if text.strip("rbtU") == "" else "unknown"
