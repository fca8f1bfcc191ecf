"""What `infer` is made of: the readings, keys that fit them, the order of producers, and the answer."""
