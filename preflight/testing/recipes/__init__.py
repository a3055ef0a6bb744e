"""How files are made: by an FFmpeg that is not the one that reads them, by NumPy and Pillow, and byte by byte."""
