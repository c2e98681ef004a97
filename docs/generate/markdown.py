"""Markdown, as far as the generated parts need it."""


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; a `|` in a cell is escaped. A head that begins with ">" is a column of numbers."""
    marks = ["---:" if head.startswith(">") else "---" for head in heads]
    lines = [[head.removeprefix(">") for head in heads], marks, *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
