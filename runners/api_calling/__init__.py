"""Chat models through the benchmarks of calling APIs: BFCL and API-Bank."""
