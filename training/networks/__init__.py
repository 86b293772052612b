"""The denoisers and condition encoders that can be trained."""
