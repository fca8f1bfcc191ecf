"""One scarce thing, many claims: the bankruptcy rules."""
