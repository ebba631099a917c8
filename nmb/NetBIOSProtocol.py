"""Where pysmb has its name queries for Twisted; this library has none, and says so."""

raise ImportError(
    'nmb.NetBIOSProtocol is for Twisted, and this library blocks: use nmb.NetBIOS.NetBIOS instead, '
    'in a thread where it must not block (asyncio.to_thread, twisted.internet.threads.deferToThread)'
)
