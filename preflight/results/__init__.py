"""Embeddings → files that outlive the process: NDJSON, NumPy's NPZ, Parquet. Each is loaded when it is asked for."""

from preflight.results.file import EmbeddingsFile, embeddings_file, write_embeddings

__all__ = ["EmbeddingsFile", "embeddings_file", "write_embeddings"]
