// Node's own start: what lstm.mjs takes beyond this is ours.
process.stdout.write("0\n");
