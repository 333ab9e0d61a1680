"""Language models in GGUF files, served on loopback by llama.cpp in a child process of this one."""
