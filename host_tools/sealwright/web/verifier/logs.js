// Gap-proof logs, of each device's readings and of each issuer's factory: numbers rise by one, and each message names
// the digest of the one before it. An entry is {seq, digest, at}: at is its time, where its clock was set.

const isEntry = (message) => message.type === "reading" || message.type === "factory-record";
const nounOf = (message) => (message.type === "reading" ? "reading" : "record");

/** The time of a reading whose clock was set, unix seconds. */
const timeOf = ({ type, body }) => (type === "reading" && body.clockQuality >= CLOCK_SET ? body.sampledAt : null);

/** Faults: equivocation (another message with the newest number), gap. head: null starts a log anywhere. */
function judgeEntry(message, head) {
  const { seq, prev } = message.body;
  const noun = nounOf(message);
  if (noun === "reading" && (seq === 0n || (prev === null) !== (seq === 1n))) {
    return fault("gap", `${noun} ${seq} does not name the one before it as number 2 and up do`);
  }
  if (!head) return null;
  if (seq === head.seq && message.digest !== head.digest) {
    return fault(EQUIVOCATION, `its signer signed another ${noun} with number ${seq}`);
  }
  if (seq !== head.seq + 1n) return fault("gap", `${noun} ${seq} follows ${noun} ${head.seq}`);
  if (prev === head.digest) return null;
  return fault("gap", `${noun} ${seq} continues another ${noun} ${head.seq} than the one before it`);
}

/** What is odd about a reading's time, {mark, why}: "unset", "ahead" of now or "back". */
function timeNote(message, head, latest) {
  const at = timeOf(message);
  if (at === null) return { mark: "unset", why: "" };
  if (at > latest) {
    const why = `Its time ${utc(at)} is after now, though its device says that its clock was set`;
    return { mark: "ahead", why };
  }
  if (!head || head.at === null || at >= head.at) return { mark: "", why: "" };
  const before = `${utc(head.at)}, that of the reading before it`;
  return { mark: "back", why: `Its time ${utc(at)} is before ${before}: its device's clock went back` };
}
