// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// The fields of Zeek's logs that are looked at, whatever the log. Points in names are written as underscores, as some writers
// of JSON do.
const (
	zkNone = iota
	zkTs
	zkUid
	zkIdOrigH
	zkIdOrigP
	zkIdRespH
	zkIdRespP
	zkProto
	zkService
	zkDuration
	zkOrigBytes
	zkRespBytes
	zkConnState
	zkHistory
	zkOrigPkts
	zkRespPkts
	zkOrigIpBytes
	zkRespIpBytes
	zkMissedBytes
	zkLocalOrig
	zkLocalResp
	zkTunnelParents
	zkVlan
	zkCommunityId
	zkTransId
	zkRtt
	zkQuery
	zkQtype
	zkQtypeName
	zkRcode
	zkRcodeName
	zkAnswers
	zkRejected
	zkOpcode
	zkMethod
	zkHost
	zkUri
	zkReferrer
	zkUserAgent
	zkRequestBodyLen
	zkResponseBodyLen
	zkStatusCode
	zkStatusMsg
	zkUsername
	zkProxied
	zkOrigFilenames
	zkRespFilenames
	zkRespMimeTypes
	zkVersion
	zkCipher
	zkServerName
	zkEstablished
	zkSubject
	zkIssuer
	zkValidationStatus
	zkJa3
	zkJa3s
	zkLastAlert
	zkAuthSuccess
	zkAuthAttempts
	zkDirection
	zkClient
	zkServer
	zkHassh
	zkResult
	zkObject
	zkArgument
	zkDiagnosticMessage
	zkScope
	zkDerefAliases
	zkBaseObject
	zkFilter
	zkResultCount
	zkAttributes
	zkMessageId
	zkRequestType
	zkSuccess
	zkErrorMsg
	zkTill
	zkHostname
	zkDomainname
	zkServerNbComputerName
	zkServerDnsComputerName
	zkAction
	zkPath
	zkName
	zkSize
	zkPrevName
	zkShareType
	zkNativeFileSystem
	zkCookie
	zkSecurityProtocol
	zkClientName
	zkClientBuild
	zkKeyboardLayout
	zkUser
	zkCommand
	zkArg
	zkMimeType
	zkFileSize
	zkReplyCode
	zkReplyMsg
	zkHelo
	zkMailfrom
	zkRcptto
	zkFrom
	zkTo
	zkMsgId
	zkLastReply
	zkXOriginatingIp
	zkTls
	zkNote
	zkMsg
	zkSub
	zkSrc
	zkDst
	zkP
	zkUids
	zkMac
	zkHostName
	zkClientFqdn
	zkClientAddr
	zkServerAddr
	zkRequestedAddr
	zkAssignedAddr
	zkLeaseTime
	zkMsgTypes
	zkClientMessage
	zkServerMessage
	zkFramedAddr
	zkTunnelClient
	zkConnectInfo
	zkStatus
	zkRequestHost
	zkRequestName
	zkRequestP
	zkBoundHost
	zkTunnelType
	zkNamedPipe
	zkEndpoint
	zkOperation
	zkCmd
	zkRows
	zkResponse
	zkSeenIndicator
	zkSeenIndicatorType
	zkSeenWhere
	zkMatched
	zkSources
	zkFuid
	zkTxHosts
	zkRxHosts
	zkConnUids
	zkSource
	zkAnalyzers
	zkFilename
	zkSeenBytes
	zkTotalBytes
	zkMd5
	zkSha1
	zkSha256
	zkIsOrig
	zkSigId
	zkEventMsg
	zkAddl
	zkNotice
	zkPeer
	zkTransDepth
	zkPathMarked
	zkStreamMarked
	zkFields
)

// zeekField returns the field of that name, in which points have been made underscores.
func zeekField(name []byte) int {
	switch string(name) {
	case "ts":
		return zkTs
	case "uid":
		return zkUid
	case "id_orig_h":
		return zkIdOrigH
	case "id_orig_p":
		return zkIdOrigP
	case "id_resp_h":
		return zkIdRespH
	case "id_resp_p":
		return zkIdRespP
	case "proto":
		return zkProto
	case "service":
		return zkService
	case "duration":
		return zkDuration
	case "orig_bytes":
		return zkOrigBytes
	case "resp_bytes":
		return zkRespBytes
	case "conn_state":
		return zkConnState
	case "history":
		return zkHistory
	case "orig_pkts":
		return zkOrigPkts
	case "resp_pkts":
		return zkRespPkts
	case "orig_ip_bytes":
		return zkOrigIpBytes
	case "resp_ip_bytes":
		return zkRespIpBytes
	case "missed_bytes":
		return zkMissedBytes
	case "local_orig":
		return zkLocalOrig
	case "local_resp":
		return zkLocalResp
	case "tunnel_parents":
		return zkTunnelParents
	case "vlan":
		return zkVlan
	case "community_id":
		return zkCommunityId
	case "trans_id":
		return zkTransId
	case "rtt":
		return zkRtt
	case "query":
		return zkQuery
	case "qtype":
		return zkQtype
	case "qtype_name":
		return zkQtypeName
	case "rcode":
		return zkRcode
	case "rcode_name":
		return zkRcodeName
	case "answers":
		return zkAnswers
	case "rejected":
		return zkRejected
	case "opcode":
		return zkOpcode
	case "method":
		return zkMethod
	case "host":
		return zkHost
	case "uri":
		return zkUri
	case "referrer":
		return zkReferrer
	case "user_agent":
		return zkUserAgent
	case "request_body_len":
		return zkRequestBodyLen
	case "response_body_len":
		return zkResponseBodyLen
	case "status_code":
		return zkStatusCode
	case "status_msg":
		return zkStatusMsg
	case "username":
		return zkUsername
	case "proxied":
		return zkProxied
	case "orig_filenames":
		return zkOrigFilenames
	case "resp_filenames":
		return zkRespFilenames
	case "resp_mime_types":
		return zkRespMimeTypes
	case "version":
		return zkVersion
	case "cipher":
		return zkCipher
	case "server_name":
		return zkServerName
	case "established":
		return zkEstablished
	case "subject":
		return zkSubject
	case "issuer":
		return zkIssuer
	case "validation_status":
		return zkValidationStatus
	case "ja3":
		return zkJa3
	case "ja3s":
		return zkJa3s
	case "last_alert":
		return zkLastAlert
	case "auth_success":
		return zkAuthSuccess
	case "auth_attempts":
		return zkAuthAttempts
	case "direction":
		return zkDirection
	case "client":
		return zkClient
	case "server":
		return zkServer
	case "hassh":
		return zkHassh
	case "result":
		return zkResult
	case "object":
		return zkObject
	case "argument":
		return zkArgument
	case "diagnostic_message":
		return zkDiagnosticMessage
	case "scope":
		return zkScope
	case "deref_aliases":
		return zkDerefAliases
	case "base_object":
		return zkBaseObject
	case "filter":
		return zkFilter
	case "result_count":
		return zkResultCount
	case "attributes":
		return zkAttributes
	case "message_id":
		return zkMessageId
	case "request_type":
		return zkRequestType
	case "success":
		return zkSuccess
	case "error_msg":
		return zkErrorMsg
	case "till":
		return zkTill
	case "hostname":
		return zkHostname
	case "domainname":
		return zkDomainname
	case "server_nb_computer_name":
		return zkServerNbComputerName
	case "server_dns_computer_name":
		return zkServerDnsComputerName
	case "action":
		return zkAction
	case "path":
		return zkPath
	case "name":
		return zkName
	case "size":
		return zkSize
	case "prev_name":
		return zkPrevName
	case "share_type":
		return zkShareType
	case "native_file_system":
		return zkNativeFileSystem
	case "cookie":
		return zkCookie
	case "security_protocol":
		return zkSecurityProtocol
	case "client_name":
		return zkClientName
	case "client_build":
		return zkClientBuild
	case "keyboard_layout":
		return zkKeyboardLayout
	case "user":
		return zkUser
	case "command":
		return zkCommand
	case "arg":
		return zkArg
	case "mime_type":
		return zkMimeType
	case "file_size":
		return zkFileSize
	case "reply_code":
		return zkReplyCode
	case "reply_msg":
		return zkReplyMsg
	case "helo":
		return zkHelo
	case "mailfrom":
		return zkMailfrom
	case "rcptto":
		return zkRcptto
	case "from":
		return zkFrom
	case "to":
		return zkTo
	case "msg_id":
		return zkMsgId
	case "last_reply":
		return zkLastReply
	case "x_originating_ip":
		return zkXOriginatingIp
	case "tls":
		return zkTls
	case "note":
		return zkNote
	case "msg":
		return zkMsg
	case "sub":
		return zkSub
	case "src":
		return zkSrc
	case "dst":
		return zkDst
	case "p":
		return zkP
	case "uids":
		return zkUids
	case "mac":
		return zkMac
	case "host_name":
		return zkHostName
	case "client_fqdn":
		return zkClientFqdn
	case "client_addr":
		return zkClientAddr
	case "server_addr":
		return zkServerAddr
	case "requested_addr":
		return zkRequestedAddr
	case "assigned_addr":
		return zkAssignedAddr
	case "lease_time":
		return zkLeaseTime
	case "msg_types":
		return zkMsgTypes
	case "client_message":
		return zkClientMessage
	case "server_message":
		return zkServerMessage
	case "framed_addr":
		return zkFramedAddr
	case "tunnel_client":
		return zkTunnelClient
	case "connect_info":
		return zkConnectInfo
	case "status":
		return zkStatus
	case "request_host":
		return zkRequestHost
	case "request_name":
		return zkRequestName
	case "request_p":
		return zkRequestP
	case "bound_host":
		return zkBoundHost
	case "tunnel_type":
		return zkTunnelType
	case "named_pipe":
		return zkNamedPipe
	case "endpoint":
		return zkEndpoint
	case "operation":
		return zkOperation
	case "cmd":
		return zkCmd
	case "rows":
		return zkRows
	case "response":
		return zkResponse
	case "seen_indicator":
		return zkSeenIndicator
	case "seen_indicator_type":
		return zkSeenIndicatorType
	case "seen_where":
		return zkSeenWhere
	case "matched":
		return zkMatched
	case "sources":
		return zkSources
	case "fuid":
		return zkFuid
	case "tx_hosts":
		return zkTxHosts
	case "rx_hosts":
		return zkRxHosts
	case "conn_uids":
		return zkConnUids
	case "source":
		return zkSource
	case "analyzers":
		return zkAnalyzers
	case "filename":
		return zkFilename
	case "seen_bytes":
		return zkSeenBytes
	case "total_bytes":
		return zkTotalBytes
	case "md5":
		return zkMd5
	case "sha1":
		return zkSha1
	case "sha256":
		return zkSha256
	case "is_orig":
		return zkIsOrig
	case "sig_id":
		return zkSigId
	case "event_msg":
		return zkEventMsg
	case "addl":
		return zkAddl
	case "notice":
		return zkNotice
	case "peer":
		return zkPeer
	case "trans_depth":
		return zkTransDepth
	case "_path", "@path":
		return zkPathMarked
	case "_stream", "@stream":
		return zkStreamMarked
	}
	return zkNone
}
