"""The agent: a process of the person at the machine, which holds a home's keys and signs what others ask for.

acts        what may be asked: typed, never bytes to sign
waiting     the acts that wait for the person, and what came of those before
door        the socket: who may ask, and how much
calling     the other side of the socket
desk        shows an act, asks, and carries it out
doing       how each act is carried out
memory      keeps other processes of the same user out of the agent's memory
"""
