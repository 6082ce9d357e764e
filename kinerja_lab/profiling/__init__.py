"""Layer 3, how does each unit stand?

Units differ in size, and small units differ more by chance. A unit is named only when it lies outside what chance and
the ordinary variation between units explain together.
"""
