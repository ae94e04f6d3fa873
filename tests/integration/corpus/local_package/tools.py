from packaging.version import Version

KINDS = [Version("1.0")]


def label(text: str) -> str:
    return f"{text}:{KINDS[0].major}"
