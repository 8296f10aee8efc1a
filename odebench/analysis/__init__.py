"""From samples to statements, on pandas: a question a file. `odebench.load` gives what they are asked of."""
