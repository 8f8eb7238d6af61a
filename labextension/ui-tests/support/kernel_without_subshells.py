"""A kernel as older ones are, which knows no subshells."""

from typing import Any

from ipykernel.kernelapp import IPKernelApp


class KernelApp(IPKernelApp):
    """Starts IPython's kernel without the thread that distributes messages among subshells."""

    def init_control(self, context: Any) -> None:
        """Set up the control channel, and have the main thread read the shell channel itself."""
        super().init_control(context)  # type: ignore[no-untyped-call]
        self.shell_channel_thread = None


if __name__ == "__main__":
    KernelApp.launch_instance()
