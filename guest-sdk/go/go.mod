module switchhook

go 1.25
