"""Every function of TensorFlow that is replaced while the extension is loaded."""
