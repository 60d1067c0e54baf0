module go_recorder

go 1.24
