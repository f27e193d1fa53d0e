"""Show: tables, figures, explanations, the command line."""
