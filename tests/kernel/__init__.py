"""A ``%%tfsession`` cell beside an ordinary one, in real kernels, terminals and notebook runners."""
