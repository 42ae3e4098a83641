// Goes into the build's mpconfigboard.h, after that of MicroPython's board ESP32_GENERIC.
// Never built: the port's main.c names the functions of the prompt, which may have to go with the compiler.

#define MICROPY_ENABLE_COMPILER (0) // no source text is ever run: updates are .mpy files, which the owner signed
#define MICROPY_HELPER_REPL (0)
#define MICROPY_PY_BUILTINS_HELP (0)
#define MICROPY_PERSISTENT_CODE_LOAD (1) // those .mpy files
