"""A function that misbehaves in the way it is asked to."""

from __future__ import annotations

SOURCE = '''
import ctypes, os, signal, socket, subprocess, sys, threading, time
def spin():
    while True:
        pass
def escape(path):
    """A daemon by the book: fork, new session, fork again; it acts when its grandparent is gone."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            with open(path, "w") as file:
                file.write(str(os.getpid()))
            time.sleep(1.0)
            with open(path + ".acted", "w") as file:
                file.write("too late")
        os._exit(0)
    os.wait()
def write_pid(path):
    with open(path + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(path + ".new", path)
def f(what="pid", path="", n=0):
    if what == "exit":
        os._exit(n)
    if what == "segfault":
        ctypes.string_at(0)
    if what == "suicide":
        os.kill(os.getpid(), n)
    if what == "spin":
        write_pid(path)
        spin()
    if what == "stubborn":
        for number in range(1, 32):
            if number not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(number, signal.SIG_IGN)
        print("before the end", flush=True)
        write_pid(path)
        ctypes.CDLL(None).pause()
        spin()
    if what == "escape":
        escape(path)
        spin()
    if what == "escape and crash":
        escape(path)
        while not os.path.exists(path):
            pass
        os._exit(9)
    if what == "unadopted":
        ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)
        escape(path)
        spin()
    if what == "bomb":
        write_pid(path)
        while True:
            try:
                os.fork()
            except OSError:
                pass
    if what == "children":
        children = [subprocess.Popen(["sleep", "60"]) for _ in range(n)]
        time.sleep(60)
    if what == "threads":
        for _ in range(n):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        time.sleep(60)
    if what == "memory":
        data = bytearray(n)
        time.sleep(60)
    if what == "memory of children":
        subprocess.run([sys.executable, "-c", f"import time; data = bytearray({n}); time.sleep(60)"])
    if what == "garbage":
        os.write(3, os.urandom(4096) + bytes(range(256)))
        time.sleep(60)
    if what == "forge":
        os.write(3, b"\\x14\\0\\0\\0\\0\\0\\x02\\0\\0\\0\\0{}")
        time.sleep(60)
    if what == "share":
        if ctypes.CDLL(None).fork() == 0:
            time.sleep(60)
        os._exit(6)
    if what == "close":
        os.close(3)
        time.sleep(60)
    if what == "sleep":
        time.sleep(n)
    if what == "later":
        threading.Timer(0.05, os._exit, (5,)).start()
    return os.getpid()
'''
