"""What to freeze into an image, for MicroPython's own build: the device package and what it stands on."""

package("seal")  # noqa: F821  a manifest's own function
package("keystore")  # noqa: F821
package("drivers")  # noqa: F821
package("links")  # noqa: F821
module("boot.py")  # noqa: F821
module("main.py")  # noqa: F821
