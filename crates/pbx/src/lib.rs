//! The PBX: calls, bridges, transfer, dismissal, composed of sans-IO machines; its core runs in virtual time.
