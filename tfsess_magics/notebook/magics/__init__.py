"""``%%tfsession`` and ``%tfsession``: the verbs, and their actions on sessions."""
