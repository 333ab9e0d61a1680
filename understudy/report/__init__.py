"""Report: documents and drawings. Numbers and text in, Markdown, HTML and SVG out."""
