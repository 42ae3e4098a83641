"""The journal: at every power cut a record is the old or the new one, and damage locks."""

from check import raises
from rig import PowerCut, RamStore
from seal.errors import StateDamaged
from seal.journal import Journal


def opened(store):
    journal = Journal(store)
    if not journal.load():
        journal.format()
    return journal


def history(journal, seen):
    """A few changes; `seen` collects what was known to be on flash after each."""
    for value in range(3):
        journal.put("a", {1: value})
        seen.append(("a", {1: value}))
    journal.put("b", [b"x" * 40])
    seen.append(("b", [b"x" * 40]))
    journal.remove("b")
    seen.append(("b", None))
    journal.put("a", {1: 9})
    seen.append(("a", {1: 9}))


def test_records_survive_reload():
    store = RamStore()
    history(opened(store), [])
    again = opened(store)
    assert again.get("a") == {1: 9} and again.get("b") is None
    assert again.names() == ["a"] and again.generation("a") == 4


def test_cut_at_every_write_leaves_old_or_new():
    whole = RamStore()
    history(opened(whole), [])
    for late in (False, True):
        for cut in range(1, whole.changes + 1):
            store, seen = RamStore(), [("a", None), ("b", None)]
            store.cut_after(cut, late)
            try:
                history(opened(store), seen)
            except PowerCut:
                pass
            again = opened(RamStore(store.files))
            for name in ("a", "b"):
                values = [value for key, value in seen if key == name]
                after = {"a": [{1: 0}, {1: 1}, {1: 2}, {1: 9}], "b": [[b"x" * 40], None]}[name]
                allowed = [values[-1]] + after[len(values) - 1 :][:1]
                assert again.get(name) in allowed, (late, cut, name, again.get(name), allowed)
            history(again, [])
            assert again.get("a") == {1: 9}


def test_every_flipped_bit_locks():
    store = RamStore()
    history(opened(store), [])
    for name in store.files:
        good = store.files[name]
        for at in range(len(good)):
            for bit in range(8):
                bad = bytearray(good)
                bad[at] ^= 1 << bit
                store.files[name] = bytes(bad)
                raises(StateDamaged, Journal(store).load)
        for length in range(len(good)):
            store.files[name] = good[:length]
            raises(StateDamaged, Journal(store).load)
        store.files[name] = good
    assert Journal(store).load()


def test_missing_record_locks():
    for name in ("j-a", "j-index"):
        store = RamStore()
        history(opened(store), [])
        del store.files[name]
        raises(StateDamaged, Journal(store).load)


def test_records_cannot_change_places():
    store = RamStore()
    journal = opened(store)
    journal.put("a", 1)
    journal.put("b", 2)
    store.files["j-a"], store.files["j-b"] = store.files["j-b"], store.files["j-a"]
    raises(StateDamaged, Journal(store).load)


def test_failed_write_changes_nothing():
    from seal.errors import StorageFull

    class FullStore(RamStore):
        full = False

        def write(self, name, data):
            if self.full:
                raise StorageFull("full")
            RamStore.write(self, name, data)

    store = FullStore()
    journal = opened(store)
    journal.put("a", 1)
    store.full = True
    raises(StorageFull, journal.put, "a", 2)
    assert journal.get("a") == 1
    store.full = False
    assert opened(store).get("a") == 1


def test_a_journal_that_was_not_loaded_whole_writes_nothing():
    store = RamStore()
    history(opened(store), [])
    opened(store).put("c", 1)
    store.files["j-c"] = b"damaged"  # of "a" and "c", "a" is read before this one fails
    files = dict(store.files)
    journal = Journal(store)
    for act in ((journal.put, "noise", 1), (journal.put, "a", {1: 0}), (journal.remove, "a")):
        raises(StateDamaged, *act)
    raises(StateDamaged, journal.load)
    for act in ((journal.put, "noise", 1), (journal.put, "a", {1: 0}), (journal.remove, "a")):
        raises(StateDamaged, *act)
    assert store.files == files
    raises(StateDamaged, Journal(RamStore()).put, "a", 1)
    again = opened(RamStore())
    again._store.files["j-index"] = b"damaged"
    raises(StateDamaged, again.load)  # nor one that was whole before
    raises(StateDamaged, again.put, "a", 1)
