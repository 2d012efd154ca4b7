from cfn_breakglass.cli.app import main

main()
