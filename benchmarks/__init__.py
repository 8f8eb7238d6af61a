import os

# TensorFlow's default depends on the processor; without it nothing is counted, and measuring would cost nothing.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
