// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// The fields that are read. Their order is that of the remainder, for those that go there.
type fortiField uint8

const (
	fDate fortiField = iota
	fTime
	fTz
	fEventTime
	fSrcIP
	fDstIP
	fSrcPort
	fDstPort
	fRemIP
	fUser
	fService
	fSentByte
	fRcvdByte
	fDuration
	fHostName
	fURL
	fAgent
	fSrcName
	fDstName
	fRcvdPkt
	fQName
	fXAuthUser
	fUI
	fCfgPath
	fCfgObj
	fDHCPMsg
	fIP
	fAttack
	fVirus
	fFileName
	fResult
	fEventCount
	fStatus
	fPlain // from here on into the remainder
)

// What goes into the remainder, in this order.
const (
	fDevice fortiField = fPlain + iota
	fDevID
	fVD
	fLogID
	fType
	fSubtype
	fEventType
	fLevel
	fAction
	fReason
	fLogDesc
	fMsg
	fPolicyID
	fSessionID
	fProto
	fApp
	fAppCat
	fSrcIntf
	fDstIntf
	fSrcCountry
	fDstCountry
	fTransIP
	fTransPort
	fTranIP
	fTranPort
	fGroup
	fTunnelType
	fTunnelID
	fTunnelIP
	fVPNTunnel
	fMethod
	fCatDesc
	fSeverity
	fAttackID
	fUTMAction
	fQType
	fMAC
	fLease
	fCfgAttr
	fProfile
	fSentDelta
	fRcvdDelta
	fReferer
	fTranDisp
	fHARole
	fHAGroup
	fHAPriority
	fVCluster
	fVMember
	fVState
	fHeartbeat
	fSerial
	fSyncStatus
	fFields
)

var fortiRestNames = [fFields - fPlain]string{"device", "devid", "vd", "logid", "type", "subtype", "eventtype", "level", "action", "reason", "logdesc", "msg",
	"policyid", "sessionid", "proto", "app", "appcat", "srcintf", "dstintf", "srccountry", "dstcountry", "nat_src_ip", "nat_src_port", "nat_dst_ip", "nat_dst_port", "group", "tunneltype", "tunnelid", "tunnelip",
	"vpntunnel", "method", "catdesc", "severity", "attackid", "utmaction", "qtype", "mac", "lease_s", "cfgattr", "profile", "sentdelta", "rcvddelta", "referer",
	"nat", "ha_role", "ha_group", "ha_priority", "vcluster", "vcluster_member", "vcluster_state", "heartbeat", "sn", "sync_status"}

// fortiKey returns the field of that name, fFields for one that is not read. FortiOS 4 had other names.
func fortiKey(k []byte) fortiField {
	switch string(k) {
	case "date":
		return fDate
	case "time":
		return fTime
	case "tz":
		return fTz
	case "eventtime":
		return fEventTime
	case "srcip", "src":
		return fSrcIP
	case "dstip", "dst":
		return fDstIP
	case "srcport", "src_port":
		return fSrcPort
	case "dstport", "dst_port":
		return fDstPort
	case "remip", "remote_ip", "rem_ip":
		return fRemIP
	case "user":
		return fUser
	case "service":
		return fService
	case "sentbyte", "sent":
		return fSentByte
	case "rcvdbyte", "rcvd":
		return fRcvdByte
	case "duration":
		return fDuration
	case "hostname", "dhcp_hostname":
		return fHostName
	case "url":
		return fURL
	case "agent":
		return fAgent
	case "srcname":
		return fSrcName
	case "dstname":
		return fDstName
	case "rcvdpkt", "rcvd_pkt":
		return fRcvdPkt
	case "qname":
		return fQName
	case "xauthuser":
		return fXAuthUser
	case "ui":
		return fUI
	case "cfgpath":
		return fCfgPath
	case "cfgobj":
		return fCfgObj
	case "dhcp_msg":
		return fDHCPMsg
	case "ip":
		return fIP
	case "attack", "attackname", "attack_name":
		return fAttack
	case "virus":
		return fVirus
	case "filename", "file":
		return fFileName
	case "result":
		return fResult
	case "count":
		return fEventCount
	case "status":
		return fStatus
	}
	return fortiRestKey(k)
}

func fortiRestKey(k []byte) fortiField {
	switch string(k) {
	case "devname":
		return fDevice
	case "devid", "device_id":
		return fDevID
	case "vd":
		return fVD
	case "logid", "log_id":
		return fLogID
	case "type":
		return fType
	case "subtype":
		return fSubtype
	case "eventtype":
		return fEventType
	case "level", "pri":
		return fLevel
	case "action":
		return fAction
	case "reason":
		return fReason
	case "logdesc":
		return fLogDesc
	case "msg":
		return fMsg
	case "policyid":
		return fPolicyID
	case "sessionid", "session_id":
		return fSessionID
	case "proto":
		return fProto
	case "app":
		return fApp
	case "appcat", "app_cat":
		return fAppCat
	case "srcintf", "src_int":
		return fSrcIntf
	case "dstintf", "dst_int":
		return fDstIntf
	case "srccountry":
		return fSrcCountry
	case "dstcountry":
		return fDstCountry
	case "transip", "tran_ip", "transIp":
		return fTransIP
	case "transport", "tran_port", "transPort":
		return fTransPort
	case "tranip":
		return fTranIP
	case "tranport":
		return fTranPort
	case "group":
		return fGroup
	case "tunneltype", "tunnel_type":
		return fTunnelType
	case "tunnelid", "tunnel_id":
		return fTunnelID
	case "tunnelip", "tunnel_ip", "assignip":
		return fTunnelIP
	case "vpntunnel", "vpn_tunnel":
		return fVPNTunnel
	case "method":
		return fMethod
	case "catdesc":
		return fCatDesc
	case "severity":
		return fSeverity
	case "attackid", "attack_id":
		return fAttackID
	case "utmaction":
		return fUTMAction
	case "qtype":
		return fQType
	case "mac":
		return fMAC
	case "lease":
		return fLease
	case "cfgattr":
		return fCfgAttr
	case "profile":
		return fProfile
	case "sentdelta":
		return fSentDelta
	case "rcvddelta":
		return fRcvdDelta
	case "referralurl", "referer":
		return fReferer
	case "trandisp":
		return fTranDisp
	}
	return fortiHAKey(k)
}

// fortiHAKey returns the fields of a cluster's records: which of the devices speaks, and what became of it.
func fortiHAKey(k []byte) fortiField {
	switch string(k) {
	case "ha_role":
		return fHARole
	case "ha_group", "ha-group":
		return fHAGroup
	case "ha_prio", "ha-prio":
		return fHAPriority
	case "vcluster":
		return fVCluster
	case "vcluster_member":
		return fVMember
	case "vcluster_state":
		return fVState
	case "hbdn_reason":
		return fHeartbeat
	case "sn":
		return fSerial
	case "sync_status":
		return fSyncStatus
	}
	return fFields
}
