module guests

go 1.25

require switchhook v0.0.0

replace switchhook => ../../guest-sdk/go
