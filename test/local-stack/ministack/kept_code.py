"""Has ministack unpack a function's code where other stacks find it too, in a folder that its content names.

ministack has such folders for each of its own processes (services/lambda_svc.py). What Node.js has compiled of a file it knows by the file's path.
"""

import hashlib
import io
import os
import tempfile
import zipfile

from ministack.services import lambda_svc


def keep_code(directory: str) -> None:
    def unpacked(code_zip: bytes) -> str:
        folder = os.path.join(directory, hashlib.sha256(code_zip).hexdigest())
        # No process may start while a file that it runs is written.
        with lambda_svc._provided_code_lock:
            if not os.path.isdir(folder):
                unpack(code_zip, folder)
        return folder

    def unpack(code_zip: bytes, folder: str) -> None:
        begun = tempfile.mkdtemp(dir=directory)
        with zipfile.ZipFile(io.BytesIO(code_zip)) as archive:
            lambda_svc._extract_zip_preserving_mode(archive, begun)
        try:
            os.rename(begun, folder)
        except OSError:
            # Another stack was quicker: what it has is the same.
            if not os.path.isdir(folder):
                raise

    lambda_svc._provided_runtime_code_dir = unpacked
