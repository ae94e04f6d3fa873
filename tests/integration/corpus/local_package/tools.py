import six

KINDS = ["Package"]


def label(text: str) -> str:
    return str(six.text_type(f"{text}:{KINDS[0]}"))
