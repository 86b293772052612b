"""One command of ``python -m model_runtime`` per file: argparse lives here and nowhere else."""
