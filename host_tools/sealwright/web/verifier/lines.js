// The lines of keys: a device's certificate, its first rotation, its second, and so on to the key it signs with now.
// A device keeps the id of its first key. Of two rotations that contradict each other the first counts.

const SUPERSEDED_KEY = "superseded_key";
const EQUIVOCATION = "equivocation";

class Lines {
  constructor() {
    this.turns = new Map(); // device id -> its rotations, oldest first
    this.devices = new Map(); // kid of a key that was signed in -> its device's id
  }

  of(device) {
    return this.turns.get(device) ?? [];
  }

  /** The device that rotated to the key with this id, or with an id that begins so. */
  deviceOf(key) {
    const found = this.devices.get(key.slice(0, 16));
    if (found === undefined || !this.of(found).some((turn) => turn.key.id.startsWith(key))) return null;
    return found;
  }

  /** Note a rotation that was judged. */
  add({ body, digest }) {
    const line = this.of(body.device);
    if (body.generation !== BigInt(line.length + 1)) return;
    const turn = { generation: body.generation, key: body.key, seq: body.seq ?? 0n, prev: body.prev, digest };
    this.turns.set(body.device, [...line, turn]);
    if (!this.devices.has(body.key.kid)) this.devices.set(body.key.kid, body.device);
  }

  /** Faults of reading `seq` by the key of this generation. */
  readingFault(device, generation, seq, digest) {
    const line = this.of(device);
    const due = BigInt(line.filter((turn) => turn.seq < seq).length);
    if (generation < due) {
      return fault(SUPERSEDED_KEY, `its key was rotated away after reading ${line[Number(generation)].seq}`);
    }
    if (generation > due) {
      return fault("not_yet_valid", `its key was signed in after reading ${line[Number(due)].seq}`);
    }
    if (line.some((turn) => turn.seq === seq && turn.prev !== null && turn.prev !== digest)) {
      return fault(EQUIVOCATION, `a rotation of its device names another reading ${seq}`);
    }
    return null;
  }

  /** The fault of a message without a number, by the key of this generation. */
  superseded(device, generation) {
    if (generation === BigInt(this.of(device).length)) return null;
    return fault(SUPERSEDED_KEY, "its device has rotated this key away");
  }

  /** Faults of a rotation whose signature holds, by the key of this generation. firstKey: the device's. */
  rotationFault({ body, digest }, firstKey, generation, now) {
    const line = this.of(body.device);
    let why = "";
    if (body.generation !== generation + 1n) {
      const number = generation + 1n;
      why = `it is number ${body.generation}, and the key that signed it signs number ${number} alone`;
    } else if (generation < line.length) {
      if (line[Number(generation)].digest === digest) return null;
      return fault(EQUIVOCATION, `its signer signed another rotation ${body.generation}`);
    } else if (body.generation > MOST_ROTATIONS) {
      why = `a device has ${MOST_ROTATIONS} rotations at most`;
    } else if (body.key.xy === firstKey.xy || line.some((turn) => turn.key.xy === body.key.xy)) {
      why = "its new key is one that the device had before";
    } else if (line.length && (body.seq ?? 0n) < line[line.length - 1].seq) {
      why = `it stands before reading ${line[line.length - 1].seq}, as the rotation before it does not`;
    }
    if (why) return fault("bad_rotation", why);
    if (body.rotatedAt <= now + CLOCK_SKEW) return null;
    return fault("not_yet_valid", `its time is ${utc(body.rotatedAt)}, after now`);
  }
}
