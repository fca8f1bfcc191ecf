"""The market as a study: consumers, prosumers, producers, utilities and a regulator, step by step."""
