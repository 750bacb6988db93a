"""What the notebooks of the autoencoder series share: data, models, training, checkpoints, plots.

Import the modules you need (`from ae_utils.models import dense_autoencoder`): importing the
package alone loads nothing.
"""
