"""Frozen into the image of a sealed board instead of the port's own: mounts the flash, runs the app, never returns.

The port runs it before anything that is on the flash, and starts its prompt only when all of its start files have
returned. So nothing here returns: whatever ends or fails ends in a reset. A blank flash is formatted once; NVS notes
that, so that a file system which is damaged later is never erased, and the device stays silent instead.
"""

import micropython

micropython.kbd_intr(-1)

import time  # noqa: E402

import machine  # noqa: E402


def _mount():
    import esp32
    import vfs

    flash = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="vfs")[0]
    try:
        vfs.mount(flash, "/")
        return
    except OSError:
        notes = esp32.NVS("boot")
        try:
            notes.get_i32("formatted")
        except OSError:
            pass
        else:
            raise  # it had files once
    vfs.VfsLfs2.mkfs(flash)
    notes.set_i32("formatted", 1)
    notes.commit()
    vfs.mount(flash, "/")


try:
    _mount()
    try:
        import loader

        loader.choose()
    except Exception:
        pass  # as in boot.py
    import main  # noqa: F401  the composition root, frozen; runs the app until it ends
except BaseException:
    pass
time.sleep(1)  # limits the rate of resets
machine.reset()
