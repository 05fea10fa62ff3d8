# SPDX-License-Identifier: Apache-2.0
"""sniff.py PORT FILE: every byte over the loopback to or from this port goes into the file. Says "ready"; ends with its input."""
import selectors
import socket
import struct
import sys

ETH_P_ALL = 3


def main():
    port = int(sys.argv[1])
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE: nothing is passed over
    wire.bind(("lo", 0))
    wire.setblocking(False)
    watch = selectors.DefaultSelector()
    watch.register(wire, selectors.EVENT_READ)
    watch.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    with open(sys.argv[2], "wb") as out:
        while True:
            for key, _ in watch.select():
                if key.fileobj is sys.stdin:
                    return
                packet = wire.recv(1 << 20)
                ip = packet[14:]
                if len(ip) < 20 or ip[0] >> 4 != 4 or ip[9] != socket.IPPROTO_TCP:
                    continue
                tcp = ip[(ip[0] & 15) * 4 :]
                if port in struct.unpack(">HH", tcp[:4]):
                    out.write(tcp[(tcp[12] >> 4) * 4 :])


main()
