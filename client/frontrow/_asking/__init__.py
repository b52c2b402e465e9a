"""What Druid is asked for each kind of question, and what its answers mean. No input or output: ``run`` sends."""
