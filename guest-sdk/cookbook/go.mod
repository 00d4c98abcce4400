module cookbook

go 1.25

require switchhook v0.0.0

replace switchhook => ../go
