"""Reports: how the work goes. They read and change nothing; what each figure counts is said in `definitions`."""
