"""Where pysmb has its connection for Twisted; this library has none, and says so."""

raise ImportError(
    'smb.SMBProtocol is for Twisted, and this library blocks: use smb.SMBConnection.SMBConnection instead, '
    'in a thread where it must not block (asyncio.to_thread, twisted.internet.threads.deferToThread)'
)
