"""A self-hosted code interpreter behind AWS Bedrock AgentCore's wire protocol.

The package stands alone: it imports nothing of the service around it and could serve anybody's boto3. What must
stay true is that code a client sends runs only where it was proven, on this machine, that it is confined.
"""
