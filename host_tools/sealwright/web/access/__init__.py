"""Who may see what: `keys` keeps links, sessions and tokens, `limits` bounds how often, `forms` proves who sent one."""
