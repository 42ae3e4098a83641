"""The hub's page and its API: what a person and other programs see of a home, over HTTP.

    serving       runs the server: `run(home, settings, stop)`
    access/       who may see what: one-time links, sessions, tokens, two roles; nothing but hashes on disk
    views/        what is shown, as plain values: the register, the readings, the ledger and the hub, put together
    pages/        the same as HTML, written here and readable without JavaScript
    api/          the same as JSON, as events, as metrics
    static/       style, script, and the two libraries of others with their licences

It reads. The one thing that it writes into the home is a bundle for the hub's inbox, and its own folder HOME/web. No
private key is ever opened here: what needs a signature is shown as the command to run.
"""
