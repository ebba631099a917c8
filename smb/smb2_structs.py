"""The names that pysmb has here: the messages of SMB2."""

from smb.messages.smb2.create import SMB2CreateRequest as SMB2CreateRequest
from smb.messages.smb2.create import SMB2CreateResponse as SMB2CreateResponse
from smb.messages.smb2.header import SMB2Message as SMB2Message
from smb.messages.smb2.info import SMB2QueryInfoRequest as SMB2QueryInfoRequest
from smb.messages.smb2.info import SMB2QueryInfoResponse as SMB2QueryInfoResponse
from smb.messages.smb2.info import SMB2SetInfoRequest as SMB2SetInfoRequest
from smb.messages.smb2.info import SMB2SetInfoResponse as SMB2SetInfoResponse
from smb.messages.smb2.ioctl import SMB2IoctlRequest as SMB2IoctlRequest
from smb.messages.smb2.ioctl import SMB2IoctlResponse as SMB2IoctlResponse
from smb.messages.smb2.negotiate import SMB2NegotiateRequest as SMB2NegotiateRequest
from smb.messages.smb2.negotiate import SMB2NegotiateResponse as SMB2NegotiateResponse
from smb.messages.smb2.query_directory import SMB2QueryDirectoryRequest as SMB2QueryDirectoryRequest
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse as SMB2QueryDirectoryResponse
from smb.messages.smb2.read_write import SMB2ReadRequest as SMB2ReadRequest
from smb.messages.smb2.read_write import SMB2ReadResponse as SMB2ReadResponse
from smb.messages.smb2.read_write import SMB2WriteRequest as SMB2WriteRequest
from smb.messages.smb2.read_write import SMB2WriteResponse as SMB2WriteResponse
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest as SMB2SessionSetupRequest
from smb.messages.smb2.session_setup import SMB2SessionSetupResponse as SMB2SessionSetupResponse
from smb.messages.smb2.simple import SMB2CloseRequest as SMB2CloseRequest
from smb.messages.smb2.simple import SMB2CloseResponse as SMB2CloseResponse
from smb.messages.smb2.simple import SMB2EchoRequest as SMB2EchoRequest
from smb.messages.smb2.simple import SMB2EchoResponse as SMB2EchoResponse
from smb.messages.smb2.simple import SMB2FlushRequest as SMB2FlushRequest
from smb.messages.smb2.simple import SMB2FlushResponse as SMB2FlushResponse
from smb.messages.smb2.tree_connect import SMB2TreeConnectRequest as SMB2TreeConnectRequest
from smb.messages.smb2.tree_connect import SMB2TreeConnectResponse as SMB2TreeConnectResponse
from smb.smb2_constants import *
